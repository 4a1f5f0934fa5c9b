# The PDF.


rule report:
    input:
        runs=grid.run_files(),
        figures=expand(f"{RESULTS}/figures/{{figure}}.json", figure=grid.figures),
        claims=[f"{RESULTS}/claims.json"] if grid.claims else [],
        sources=sources("claims", "figures", "report", "corpora/entries"),
    output:
        f"{RESULTS}/report.pdf",
    log:
        f"{RESULTS}/logs/report.log",
    params:
        claims=[f"--claims={RESULTS}/claims.json"] if grid.claims else [],
        runs=grid.run_folders(),
    shell:
        "staleness report --out {output:q} {params.claims:q} --figures {input.figures:q}"
        " -- {params.runs:q} > {log:q} 2>&1"
