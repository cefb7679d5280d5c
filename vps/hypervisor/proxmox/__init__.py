"""The driver of Proxmox VE. vps.hypervisor.connect makes one; nobody else imports from here."""
