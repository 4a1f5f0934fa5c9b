# The two clocks side by side, on this machine: `snakemake validation`.


rule validation:
    input:
        stamp=f"{RESULTS}/build.json",
        corpus=ending(grid.validation_corpus),
    output:
        f"{RESULTS}/validation/validation.md",
        f"{RESULTS}/validation/validation.json",
        f"{RESULTS}/validation/calibration.json",
    log:
        f"{RESULTS}/logs/validation.log",
    # What is timed runs alone.
    threads: workflow.cores
    params:
        arguments=ending(grid.validation_arguments),
        encoded=lambda wildcards, input: str(Path(input.corpus).parent),
        out=lambda wildcards, output: str(Path(output[0]).parent),
        code=digest_of("machine/validation.py", "machine/calibrate.py"),
    shell:
        "staleness validate {params.arguments:q} --encoded {params.encoded:q}"
        " --out {params.out:q} 2> {log:q}"
