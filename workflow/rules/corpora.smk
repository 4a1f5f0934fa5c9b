# Source -> text -> encoded arrays. What a text or an encoded corpus is made of stands in a parameter.


rule fetch:
    output:
        f"{RESULTS}/corpora/{{corpus}}/source.json",
    log:
        f"{RESULTS}/logs/fetch/{{corpus}}.log",
    localrule: True
    params:
        # <data>/corpora/<corpus>/source.json
        data=lambda wildcards, output: str(Path(output[0]).parents[2]),
        text=lambda wildcards: grid.text(wildcards.corpus),
    shell:
        "staleness fetch {wildcards.corpus:q} --data {params.data:q} > {log:q} 2>&1"


rule encode:
    input:
        lambda wildcards: grid.fetched(wildcards.corpus),
    output:
        f"{RESULTS}/encoded/{{corpus}}/corpus.json",
    log:
        f"{RESULTS}/logs/encode/{{corpus}}.log",
    params:
        corpus=lambda wildcards: grid.corpus_arguments(wildcards.corpus),
        # <data>/encoded/<corpus>/corpus.json
        data=lambda wildcards, output: str(Path(output[0]).parents[2]),
        out=lambda wildcards, output: str(Path(output[0]).parent),
        origin=lambda wildcards: grid.origin(wildcards.corpus),
    shell:
        "staleness encode {params.corpus:q} --data {params.data:q} --out {params.out:q}"
        " > {log:q} 2>&1"
