# The same cells on both clocks, the simulated one calibrated on this machine: `snakemake validation`.


rule calibrate:
    input:
        stamp=f"{RESULTS}/build.json",
        corpus=grid.calibration_corpus,
    output:
        f"{RESULTS}/calibration.json",
    log:
        f"{RESULTS}/logs/calibrate.log",
    # What is timed runs alone.
    threads: workflow.cores
    params:
        arguments=grid.calibration_arguments,
        encoded=lambda wildcards, input: str(Path(input.corpus).parent),
    shell:
        "staleness calibrate {params.arguments:q} --encoded {params.encoded:q} --out {output:q}"
        " > {log:q} 2>&1"


rule validation:
    input:
        grid.validation_files,
        sources("validation.py"),
    output:
        f"{RESULTS}/validation.json",
        f"{RESULTS}/validation.md",
    log:
        f"{RESULTS}/logs/validation.log",
    params:
        out=lambda wildcards, output: str(Path(output[0]).parent),
        runs=grid.validation_folders,
    shell:
        "staleness validate --out {params.out:q} {params.runs:q} 2>&1 | tee {log:q}"
