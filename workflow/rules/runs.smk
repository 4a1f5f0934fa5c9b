# One job a cell and seed.


rule run:
    input:
        stamp=f"{RESULTS}/build.json",
        corpus=lambda wildcards: grid.encoded(wildcards.task, wildcards.cell),
        calibration=lambda wildcards: grid.calibration(wildcards.task, wildcards.cell),
        # What another run has learned is timed, not learned again.
        learned=lambda wildcards: grid.learned(
            wildcards.task, wildcards.cell, wildcards.seed
        ),
    output:
        f"{RESULTS}/runs/{{task}}/{{cell}}/seed-{{seed}}/curve.parquet",
        f"{RESULTS}/runs/{{task}}/{{cell}}/seed-{{seed}}/trace.parquet",
        f"{RESULTS}/runs/{{task}}/{{cell}}/seed-{{seed}}/run.json",
    log:
        f"{RESULTS}/logs/runs/{{task}}/{{cell}}/seed-{{seed}}.log",
    # What is timed on the wall clock runs alone.
    threads: lambda wildcards: workflow.cores if grid.is_timed(wildcards.task, wildcards.cell) else 1
    params:
        arguments=lambda wildcards: grid.run_arguments(wildcards.task, wildcards.cell),
        encoded=lambda wildcards, input: str(Path(input.corpus).parent),
        learned=lambda wildcards, input: [
            word
            for path in input.learned
            for word in ("--learned", str(Path(path).parent))
        ],
        out=lambda wildcards, output: str(Path(output[0]).parent),
    shell:
        "staleness run {params.arguments:q} --seed {wildcards.seed} --encoded {params.encoded:q}"
        " {params.learned:q} --out {params.out:q} > {log:q} 2>&1"
