# The compiled kernels, and a stamp that holds the digest of what they and the learners are made of.

REPOSITORY = Path(os.path.relpath(workflow.basedir))


rule kernels:
    input:
        str(REPOSITORY / "setup.py"),
        str(REPOSITORY / "requirements" / "toolchain.py"),
        computing_sources(),
    output:
        f"{RESULTS}/build.json",
    log:
        f"{RESULTS}/logs/kernels.log",
    localrule: True
    threads: workflow.cores
    params:
        repository=str(REPOSITORY),
    shell:
        "((cd {params.repository:q} && python setup.py build_ext --inplace)"
        " && staleness stamp --out {output:q}) > {log:q} 2>&1"
