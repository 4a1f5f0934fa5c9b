# Source -> text -> encoded arrays.


rule fetch:
    output:
        f"{RESULTS}/corpora/{{corpus}}/source.json",
    log:
        f"{RESULTS}/logs/fetch/{{corpus}}.log",
    localrule: True
    params:
        # <data>/corpora/<corpus>/source.json
        data=lambda wildcards, output: str(Path(output[0]).parents[2]),
        mirror=grid.mirror_arguments,
    shell:
        "staleness fetch {wildcards.corpus:q} --data {params.data:q} {params.mirror:q} > {log:q} 2>&1"


rule encode:
    input:
        lambda wildcards: grid.corpus_files(wildcards.corpus),
        lambda wildcards: grid.corpus_code(wildcards.corpus),
    output:
        f"{RESULTS}/encoded/{{corpus}}/corpus.json",
    log:
        f"{RESULTS}/logs/encode/{{corpus}}.log",
    params:
        corpus=lambda wildcards: grid.corpus_arguments(wildcards.corpus),
        # <data>/encoded/<corpus>/corpus.json
        data=lambda wildcards, output: str(Path(output[0]).parents[2]),
        out=lambda wildcards, output: str(Path(output[0]).parent),
        mirror=grid.mirror_arguments,
    shell:
        "staleness encode {params.corpus:q} --data {params.data:q} --out {params.out:q}"
        " {params.mirror:q} > {log:q} 2>&1"
