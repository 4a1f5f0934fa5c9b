# The two commands of the README, and what a developer needs besides.
PYTHON ?= python3
CORES ?= 4
# Of `make compare`: an interpreter that has torch, such as Debian's with python3-torch.
TORCH_PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := 0.13.9

# Where packages come from is the user's business; where they go, and what Python reads, is ours.
KEPT := PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_NO_INDEX PIP_FIND_LINKS PIP_TRUSTED_HOST PIP_CERT \
	PIP_CLIENT_CERT PIP_PROXY PIP_RETRIES PIP_RESUME_RETRIES PIP_TIMEOUT PIP_DEFAULT_TIMEOUT \
	PIP_CACHE_DIR PIP_NO_CACHE_DIR PIP_CONFIG_FILE PIP_KEYRING_PROVIDER PIP_NO_INPUT PIP_VERBOSE \
	PIP_LOG PIP_ROOT_USER_ACTION PIP_DISABLE_PIP_VERSION_CHECK
unexport $(filter-out $(KEPT),$(filter PIP_%,$(.VARIABLES)))
export PIP_USER := 0
unexport PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONSTARTUP \
	PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS

sources := setup.py requirements/toolchain.py pyproject.toml $(shell find kernels algorithms -name '*.pyx' -o -name '*.pxd' -o -name '*.h')

.PHONY: help reproduce html smoke verify test env lint compare dashboard slurm lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)$$/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

reproduce: env  ## every figure and results/report.pdf
	$(BIN)/snakemake --cores $(CORES)
	@echo "The report: results/report.pdf"

html: env  ## results/report.html of what was reproduced: figures, captions, configuration
	$(BIN)/snakemake --cores $(CORES) --report results/report.html

smoke: env  ## the same from toy sizes
	$(BIN)/snakemake --cores $(CORES) --configfile config/smoke.yaml

verify: env  ## are the results of `make reproduce` those of the committed reference?
	$(BIN)/snakemake --cores $(CORES) verify

test: env $(VENV)/.benchmarks $(VENV)/.slurm lint  ## the whole test suite
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile

env: $(VENV)/.project  ## .venv with everything pinned, and the kernels built

$(VENV)/.requirements: requirements/environment.lock
	@$(PYTHON) requirements/toolchain.py
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement requirements/environment.lock
	@touch $@

$(VENV)/.project: $(VENV)/.requirements $(sources)
	@$(BIN)/python requirements/toolchain.py
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

lint: env
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/cython-lint kernels algorithms tests
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

compare: env $(VENV)/.benchmarks  ## the kernels beside their peers, all cores beside one
	$(BIN)/python -m benchmarks.compare --python $(TORCH_PYTHON)
	$(BIN)/python -m benchmarks.parallel --task ner
	$(BIN)/python -m benchmarks.parallel --task tagging --epochs 2 --rounds 3

dashboard: env $(VENV)/.benchmarks  ## the asv suite over RANGE, as a page; which commits are slower
	$(BIN)/python -m benchmarks.dashboard $(if $(RANGE),--range '$(RANGE)')

slurm: env $(VENV)/.slurm  ## what `snakemake --profile profiles/slurm` needs besides

$(VENV)/.slurm: $(VENV)/.requirements requirements/slurm.lock
	$(PIP) install --require-hashes --requirement requirements/slurm.lock
	@touch $@

$(VENV)/.benchmarks: $(VENV)/.requirements requirements/benchmarks.lock
	$(PIP) install --require-hashes --no-build-isolation --requirement requirements/benchmarks.lock
	@touch $@

lock:  ## newest versions that pyproject.toml allows, with hashes
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet uv==$(UV)
	$(call pin,--extra workflow --extra mapreduce --extra test,environment)
	$(call pin,--extra benchmarks --constraint requirements/environment.lock,benchmarks)
	$(call pin,--extra slurm --constraint requirements/environment.lock,slurm)

pin = build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --upgrade pyproject.toml $(1) --output-file requirements/$(2).lock

clean:  ## what was built, but nothing in results/
	rm -rf $(VENV) build *.egg-info
	find kernels algorithms -name '*.so' -delete
