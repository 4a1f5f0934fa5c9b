# The PDF report. `snakemake --report FILE.html` makes an HTML report of the same figures.


report: "../report/workflow.rst"


# What was asked for: the files as they are, and what was added on the command line or by a profile.
rule configuration:
    output:
        report(
            f"{RESULTS}/configuration.txt",
            category="Configuration",
            labels={"figure": "What was asked for"},
        ),
    log:
        f"{RESULTS}/logs/configuration.log",
    localrule: True
    params:
        files=CONFIG_FILES,
        digests=[file_digest(path) for path in CONFIG_FILES],
        added=configured.added(config, CONFIG_FILES),
    shell:
        "printf %s {params.added:q} | cat {params.files:q} - > {output:q} 2> {log:q}"


# What `make compare` left, if it was called.
PEERS = [path for path in [f"{RESULTS}/peers/table.json"] if Path(path).exists()]


rule report:
    input:
        runs=grid.run_files(),
        figures=expand(f"{RESULTS}/figures/{{figure}}.json", figure=grid.figures),
        claims=[f"{RESULTS}/claims.json"] if grid.claims else [],
        configuration=f"{RESULTS}/configuration.txt",
        peers=PEERS,
    output:
        report(
            f"{RESULTS}/report.pdf",
            category="Report",
            labels={"figure": "All as one PDF"},
        ),
    log:
        f"{RESULTS}/logs/report.log",
    localrule: True
    params:
        claims=[f"--claims={RESULTS}/claims.json"] if grid.claims else [],
        peers=[f"--peers={path}" for path in PEERS],
        runs=grid.run_folders(),
        targets=grid.target_arguments(),
        code=digest_of("analysis", "claims", "figures", "report", "corpora/entries"),
    shell:
        "staleness report --out {output:q} --config {input.configuration:q}"
        " --metadata .snakemake/metadata {params.claims:q} {params.peers:q}"
        " {params.targets:q} --figures {input.figures:q}"
        " -- {params.runs:q} > {log:q} 2>&1"
