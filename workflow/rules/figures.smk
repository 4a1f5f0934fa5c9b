# A figure reads the runs of its cells and nothing else.


rule figure:
    input:
        lambda wildcards: grid.run_files(wildcards.figure),
        sources("figures"),
    output:
        f"{RESULTS}/figures/{{figure}}.pdf",
        f"{RESULTS}/figures/{{figure}}.svg",
        f"{RESULTS}/figures/{{figure}}.json",
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    params:
        out=lambda wildcards, output: str(Path(output[0]).parent),
        runs=lambda wildcards: grid.run_folders(wildcards.figure),
    shell:
        "staleness figure {wildcards.figure:q} --out {params.out:q} {params.runs:q}"
        " > {log:q} 2>&1"


# A figure is a target by its name: `snakemake ner-delays`.
for figure in grid.figures:

    rule:
        name:
            figure
        input:
            f"{RESULTS}/figures/{figure}.json",
