# A figure reads the runs of its cells and nothing else.

from staleness.workflow.report.drawn import Drawn


rule figure:
    input:
        lambda wildcards: grid.run_files(wildcards.figure),
    output:
        f"{RESULTS}/figures/{{figure}}.pdf",
        report(
            f"{RESULTS}/figures/{{figure}}.svg",
            caption="../report/caption.rst",
            category=lambda wildcards, params: params.drawn.category,
            labels=lambda wildcards, params: params.drawn.labels,
        ),
        f"{RESULTS}/figures/{{figure}}.json",
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    localrule: True
    params:
        # Read by `snakemake --report` alone.
        drawn=lambda wildcards, output: Drawn(output[2]),
        out=lambda wildcards, output: str(Path(output[0]).parent),
        runs=lambda wildcards: grid.run_folders(wildcards.figure),
        targets=lambda wildcards: grid.target_arguments(wildcards.figure),
        code=digest_of("analysis", "figures", "store/findings.py"),
    shell:
        "staleness figure {wildcards.figure:q} --out {params.out:q}"
        " {params.targets:q} {params.runs:q} > {log:q} 2>&1"


# A figure is a target by its name: `snakemake ner-delays`.
for figure in grid.figures:

    rule:
        name:
            figure
        input:
            f"{RESULTS}/figures/{figure}.json",
