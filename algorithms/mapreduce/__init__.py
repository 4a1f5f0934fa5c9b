"""Learning by MapReduce: jobs of mappers and a reduce on a cluster, one update at the driver each.

engine.py     what the rest asks of a cluster
dask.py       workers in processes, here or elsewhere
reach.py      whether anybody is at an address
agreement.py  whether others compute with what we compute with
simulated.py  workers on a clock of its own
deal.py       which examples a job has
partition.py  a part of the corpus, and the learner that a worker keeps of it
models/       how a task's parameters are numbered, one file a task
counts.py     statistics on their way from mappers to the driver
driver.py     one run
pieces.py     batch EM of a model that is too large for one driver
"""
