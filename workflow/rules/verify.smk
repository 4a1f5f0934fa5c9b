# Is this reproduction one? `snakemake verify` says it, `snakemake reference` makes these runs the
# reference. Neither has an output: asked for by name, they always run.

REFERENCE = config.get("reference", f"{RESULTS}/reference.json")


# A file between, so that what fails does not drown in the names of all runs.
rule digests:
    input:
        grid.run_files(),
    output:
        f"{RESULTS}/digests.json",
    log:
        f"{RESULTS}/logs/digests.log",
    localrule: True
    params:
        runs=grid.run_folders(),
        code=digest_of("store/reference.py"),
    shell:
        "staleness verify --write --reference {output:q} -- {params.runs:q} > {log:q} 2>&1"


rule verify:
    input:
        f"{RESULTS}/digests.json",
    log:
        f"{RESULTS}/logs/verify.log",
    localrule: True
    params:
        reference=REFERENCE,
    shell:
        "staleness verify --digests {input:q} --reference {params.reference:q} 2>&1 | tee {log:q}"


rule reference:
    input:
        f"{RESULTS}/digests.json",
    log:
        f"{RESULTS}/logs/reference.log",
    localrule: True
    params:
        folder=str(Path(REFERENCE).parent),
        reference=REFERENCE,
    shell:
        "(mkdir -p {params.folder:q} && cp {input:q} {params.reference:q}) > {log:q} 2>&1"
