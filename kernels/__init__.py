"""The kernels: `calc` and `up` of every model; they know no schedule, clock or file format."""
