// What the main site may have today: a service that behaves as the panel's published one, and the two other ways of
// calling that were published beside it. Our client is held against all of it by tests/clients/test_published.py.

async function posted({ url, key }, action, vps) {
  const headers = { "Content-Type": "application/json", "X-API-Key": key };
  const response = await fetch(`${url}/api/vps/sync`, { method: "POST", headers, body: JSON.stringify({ action, vps }) });
  return { isOk: response.ok, answer: await response.json() };
}

function access() {
  return { url: process.env.OSPAB_PANEL_URL, key: process.env.VPS_SYNC_API_KEY };
}

function asNew({ user_id, name, cpu, ram, disk, os, hypervisor }) {
  return { user_id, name, status: "creating", cpu, ram: ram * 1024, disk, os, hypervisor: hypervisor || "proxmox" };
}

/** `services/ospab-vps-sync.ts`: the object that main sites import. */
export class Service {
  constructor() {
    this.access = access();
    const isComplete = this.access.url && this.access.key;
    if (!isComplete) throw new Error("Missing OSPAB_PANEL_URL or VPS_SYNC_API_KEY environment variables");
  }

  async createVPS(order) {
    console.log(`[VPS Sync] Creating VPS: ${order.name} for user ${order.user_id}`);
    const { vps } = await this.done("Create", "create", asNew(order));
    console.log(`[VPS Sync] VPS created successfully, ID: ${vps.id}`);
    return vps;
  }

  async updateVPSStatus(id, status) {
    console.log(`[VPS Sync] Updating VPS ${id} status to: ${status}`);
    const { vps } = await this.done("Update", "update", { id, status });
    console.log(`[VPS Sync] VPS ${id} status updated to: ${status}`);
    return vps;
  }

  async deleteVPS(id) {
    console.log(`[VPS Sync] Deleting VPS ${id}`);
    await this.done("Delete", "delete", { id });
    console.log(`[VPS Sync] VPS ${id} deleted successfully`);
    return true;
  }

  async done(verb, action, vps) {
    const { isOk, answer } = await posted(this.access, action, vps);
    if (isOk) return answer;
    throw new Error(`[VPS Sync] ${verb} failed: ${answer.message}`);
  }
}

async function answered(action, vps) {
  const { isOk, answer } = await posted(access(), action, vps);
  if (!isOk) throw new Error(answer.message);
  return answer;
}

/** The functions of the published examples: a row, a row, and the whole answer. */
export const functions = {
  syncVPSToPanel: async (order) => (await answered("create", asNew(order))).vps,
  updateVPSStatus: async (id, status) => (await answered("update", { id, status })).vps,
  deleteVPSFromPanel: async (id) => await answered("delete", { id }),
};

/** The functions of the published quick start: the whole answer, a refusal too. */
export const quickStart = {
  createVPSonPanel: async ({ userId, ...order }) => (await posted(access(), "create", asNew({ ...order, user_id: userId }))).answer,
  updateVPSStatusOnPanel: async (id, status) => (await posted(access(), "update", { id, status })).answer,
};
