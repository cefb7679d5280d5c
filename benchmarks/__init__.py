"""How fast it is, by `make bench`. Times are of the machine that they were taken on: no test is decided by one."""
