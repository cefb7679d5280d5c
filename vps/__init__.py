"""What we sell and what is done to it: VPSs, the clusters they run on, and the operations asked of them."""
