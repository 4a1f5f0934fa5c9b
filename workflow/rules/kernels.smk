# The compiled kernels, and a stamp that holds the digest of what they and the learners are made of.

from staleness.algorithms.build import source_digest

REPOSITORY = Path(os.path.relpath(workflow.basedir))


rule kernels:
    output:
        f"{RESULTS}/build.json",
    log:
        f"{RESULTS}/logs/kernels.log",
    localrule: True
    threads: workflow.cores
    params:
        repository=str(REPOSITORY),
        # What they are made of, by what it holds: a file that is only younger changes nothing.
        setup=file_digest(str(REPOSITORY / "setup.py")),
        toolchain=file_digest(str(REPOSITORY / "requirements" / "toolchain.py")),
        sources=source_digest(),
    shell:
        "((cd {params.repository:q} && python setup.py build_ext --inplace)"
        " && staleness stamp --out {output:q}) > {log:q} 2>&1"
