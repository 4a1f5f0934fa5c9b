# The PDF.


rule report:
    input:
        runs=grid.run_files(),
        figures=expand(f"{RESULTS}/figures/{{figure}}.json", figure=grid.figures),
        sources=sources("figures", "report", "corpora/entries"),
    output:
        f"{RESULTS}/report.pdf",
    log:
        f"{RESULTS}/logs/report.log",
    params:
        runs=grid.run_folders(),
    shell:
        "staleness report --out {output:q} --figures {input.figures:q} -- {params.runs:q}"
        " > {log:q} 2>&1"
