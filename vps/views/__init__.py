"""The customer's pages, a file each, and the fragments that keep an open page true. They translate; services decide."""
