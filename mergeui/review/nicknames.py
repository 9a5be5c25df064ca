"""Which first names are short forms of which. Pure.

English ones come from the library `nicknames`, a list that people curate by hand; those of other
languages, which no kept library has, from the table below. All in Latin letters without accents,
as names.py compares them.
"""

from functools import cache

from nicknames import NickNamer

SHORT_FORMS = """
alejandra: ale jandra · alejandro: ale jandro alex · antonio: tono toni · beatriz: bea · carmen:
mamen menchu · concepcion: concha conchita · dolores: lola loli lolita · enrique: quique kike ·
esperanza: espe · eduardo: edu dudu lalo · fernando: nando · francisca: paca paqui · francisco: paco
paquito pancho curro kiko chico fran · gabriel: gabi · guadalupe: lupe lupita · guillermo: memo ·
ignacio: nacho inaki · isabel: isa chabela · jesus: chus chuy · joaquin: quino ximo · jose: pepe
pepito chepe ze · josefa: pepa pepita · luis: lucho · manuel: manolo manu lolo · maria: mari ·
mercedes: merche · montserrat: montse · pilar: pili · rafael: rafa · ricardo: richi · roberto: beto
berto · rosario: charo · santiago: santi · sergio: checo · vicente: chente · teresa: tere maite ·
joao: joca · luiz: lula ·
andreas: andi · anneliese: anne · elisabeth: elli elsbeth lisa liesel sisi babette · friedrich:
fritz · georg: schorsch · gertrud: trude · guenther: guenni · hannelore: hanne · heinrich: heinz
heiner · johann: hans hannes · johannes: hans hannes jan · josef: sepp · joerg: joergi · juergen:
juergi · katharina: kathi kaethe · ludwig: lutz · magdalena: leni lena · margarete: grete gretel ·
martin: maddin · matthias: matze hias · maximilian: maxl · sebastian: basti wastl · stefan: steffen
steff · susanne: susi · ulrich: uli ulli · ulrike: uli ulli rike · wilhelm: willi willy · wolfgang:
wolf wolfi · cornelis: kees · hendrik: henk · willem: wim ·
aleksandr: sasha sascha shura sanya · aleksandra: sasha sascha ola · aleksei: lyosha alyosha ·
aleksey: lyosha alyosha · anastasiya: nastya · anna: anya ania · boris: borya · dmitriy: dima mitya
· dmitry: dima mitya · ekaterina: katya katia · elena: lena · evgeniy: zhenya · evgeniya: zhenya ·
galina: galya · grigoriy: grisha · irina: ira · ivan: vanya · konstantin: kostya · lyudmila: lyuda
mila · mariya: masha · maria: masha · mikhail: misha · natalia: natasha nata · natalya: natasha nata
· nikolay: kolya · oksana: ksenia · olga: olya · pavel: pasha · pyotr: petya · sergey: seryozha
serega · svetlana: sveta · tatiana: tanya · tatyana: tanya · vladimir: vova volodya · yuliya: yulya
· yuriy: yura · yuri: yura ·
agnieszka: aga · barbara: basia · dorota: dorotka · elzbieta: ela · grzegorz: grzesiek · jan: janek
· joanna: asia · katarzyna: kasia · krzysztof: krzysiek · lukasz: lukaszek · malgorzata: gosia
malgosia · pawel: pawelek · piotr: piotrek · stanislaw: staszek · tomasz: tomek · wojciech: wojtek ·
zofia: zosia ·
alessandro: sandro ale · antonio: tonino · domenico: mimmo · elisabetta: betta lisa · francesca:
checca · francesco: checco cecco · giovanni: gianni vanni nanni · giuseppe: beppe peppe pino peppino
· luigi: gigi · raffaele: lello · salvatore: toto turi ·
dimitrios: dimitris mitsos · georgios: giorgos yiorgos · ioannis: giannis yannis · konstantinos:
kostas · nikolaos: nikos · panagiotis: panos · aikaterini: katerina · eleni: lena ·
mohammed: mo · mohamed: mo · muhammad: mo
"""


@cache
def _forms() -> frozenset[tuple[str, str]]:
    """(full form, short form) pairs; made at the first question."""
    pairs = {
        (full, short)
        for full, shorts in NickNamer.default_lookup().items()
        for short in shorts
        if len(short) > 1
    }
    for line in " ".join(SHORT_FORMS.split()).split(" · "):
        full, _, shorts = line.partition(":")
        pairs.update((full.strip(), short) for short in shorts.split())
    return frozenset(pairs)


def are_nicknames(one: str, other: str) -> bool:
    """Whether one is a usual short form of the other: bob and robert, lola and dolores."""
    forms = _forms()
    return (one, other) in forms or (other, one) in forms
