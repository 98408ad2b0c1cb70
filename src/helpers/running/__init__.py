"""Running the notebooks: the command line, the plan, the kernels, sweeps."""
