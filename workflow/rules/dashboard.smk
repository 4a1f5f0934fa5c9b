# The asv suite over the last commits that touched what it measures: `snakemake --cores 2 dashboard`.


rule dashboard:
    input:
        f"{RESULTS}/build.json",
    output:
        f"{RESULTS}/dashboard.txt",
    log:
        f"{RESULTS}/logs/dashboard.log",
    # What is timed runs alone.
    threads: workflow.cores
    params:
        repository=str(REPOSITORY),
        out=lambda wildcards, output: str(Path(output[0]).absolute()),
    shell:
        "(cd {params.repository:q} && python -m benchmarks.dashboard --out {params.out:q})"
        " > {log:q} 2>&1"
