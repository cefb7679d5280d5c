// A main site as the published guides have it. Plays one story with the service that it is given, and tells what came of it
// in values, messages and log lines. For tests/clients/test_published.py.
import panel from "../../clients/typescript/ospab-vps-sync.ts";
import { functions, quickStart, Service } from "./reference.mjs";

const ORDER = { user_id: 5, name: "web-server-01", cpu: 4, ram: 8, disk: 100, os: "Ubuntu 22.04 LTS" };

const given = async (action, vps) => await panel.sync({ action, vps, occurred_at: null });

/** The same functions by what ours has for each. */
const OURS = {
  syncVPSToPanel: async (order) => (await given("create", order)).vps,
  updateVPSStatus: async (id, status) => (await given("update", { id, status })).vps,
  deleteVPSFromPanel: async (id) => await given("delete", { id }),
  createVPSonPanel: async ({ userId, ...order }) => await given("create", { ...order, user_id: userId }),
  updateVPSStatusOnPanel: async (id, status) => await given("update", { id, status }),
};

/** The route of an order, up to the customer's answer, and what a timer does a minute later. */
async function orderRoute(service, { user_id, name, cpu, ram, disk, os }) {
  try {
    const panelVPS = await service.createVPS({ user_id, name, cpu, ram, disk, os });
    console.log("VPS synced with panel, ID:", panelVPS.id);
    const later = await service.updateVPSStatus(panelVPS.id, "running");
    return [200, { success: true, vps_id: panelVPS.id, message: "VPS created successfully" }, panelVPS, later];
  } catch (error) {
    return [500, { success: false, message: error.message }];
  }
}

async function removalRoute(service, { vps_id }) {
  try {
    const isDeleted = await service.deleteVPS(vps_id);
    return [200, { success: true, message: "VPS deleted successfully" }, isDeleted];
  } catch (error) {
    return [500, { success: false, message: error.message }];
  }
}

const outcome = (call) => call.then((value) => ({ value }), (error) => ({ thrown: error.message, isError: error instanceof Error }));

/** Each is told the service and the number of a VPS that is there, or not. */
const STORIES = {
  "an order": (service) => orderRoute(service, ORDER),
  "an order of another hypervisor": (service) => outcome(service.createVPS({ ...ORDER, hypervisor: "kvm" })),
  "an order with a hypervisor that is empty": (service) => outcome(service.createVPS({ ...ORDER, hypervisor: "" })),
  "an order whose object holds more": (service) =>
    outcome(service.createVPS({ ...ORDER, id: "ord-5", status: "paid", external_id: null, ip_address: null, price: 9.99 })),
  "an order that is incomplete": (service) => outcome(service.createVPS({ ...ORDER, os: undefined })),
  "an order for nobody": (service) => orderRoute(service, { ...ORDER, user_id: 404_404 }),
  "a status": (service, id) => outcome(service.updateVPSStatus(id, "suspended")),
  "a status of no VPS": (service) => outcome(service.updateVPSStatus(undefined, "running")),
  "a status of null": (service) => outcome(service.updateVPSStatus(null, "running")),
  "a status that is none": (service, id) => outcome(service.updateVPSStatus(id, "sleeping")),
  "a status of what never was": (service) => outcome(service.updateVPSStatus(2_000_000_000, "running")),
  "a removal": (service, id) => removalRoute(service, { vps_id: id }),
  "a removal of what is gone": (service, id) => removalRoute(service, { vps_id: id }),
  "a removal of what never was": (service) => removalRoute(service, { vps_id: 2_000_000_000 }),
  "a removal by text": (service) => removalRoute(service, { vps_id: "17" }),
  "the examples' functions": async (_, id, { syncVPSToPanel, updateVPSStatus, deleteVPSFromPanel }) => {
    const row = await syncVPSToPanel(ORDER);
    return [row, await updateVPSStatus(row.id, "running"), await deleteVPSFromPanel(row.id)];
  },
  "the quick start's functions": async (_, id, { createVPSonPanel, updateVPSStatusOnPanel }) => {
    const created = await createVPSonPanel({ userId: 5, ...ORDER, user_id: undefined });
    return [created, await updateVPSStatusOnPanel(created.vps.id, "running")];
  },
};

export async function played(story, whose, id) {
  const [service, others] = whose === "ours" ? [panel, OURS] : [new Service(), { ...functions, ...quickStart }];
  return await STORIES[story](service, id, others);
}
