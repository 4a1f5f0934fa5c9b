# The claims read the runs of their cells and nothing else.


rule claims:
    input:
        grid.claim_files,
    output:
        f"{RESULTS}/claims.json",
    log:
        f"{RESULTS}/logs/claims.log",
    localrule: True
    params:
        arguments=grid.claim_arguments,
        code=digest_of("analysis", "claims"),
    shell:
        "staleness claims --out {output:q} {params.arguments:q} > {log:q} 2>&1"
