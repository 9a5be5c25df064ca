"""Whether an address looks like one that several people use: an office, a role, a family. Pure."""

import re

from mergeui.review.text import latin

# The part before the @, in the languages that a support desk meets.
_ROLES = """
accounting accounts accueil administracion administration administrator admin amministrazione
assistenza atencion atendimento ayuda bestellung biuro billing booking bookings buchhaltung buero
bureau buro clientes comercial commercial compras contabilidad contact contacto contactos contato
contatti contatto customercare customerservice direccion direction donotreply enquiries equipo
escritorio facturacion finance frontdesk gerencia hallo hello help helpdesk hilfe hola hr info
information informacion inquiries invoices jobs klienci kontakt kontakty kundenservice mailer
management marketing newsletter noreply office oficina orders pedidos personal post postmaster
prensa press presse purchasing reception recepcion rechnung rezeption reklamacje reservas
reservations rrhh sales secretaria secretariat secretary segreteria sekretariat service servicio
servizio shop soporte sprzedaz store support suporte team tienda ufficio vendas vendite ventas
verkauf vertrieb verwaltung webmaster welcome zakaz
"""
ROLES = frozenset(_ROLES.split())
FAMILIES = frozenset({"familia", "familie", "family", "famiglia", "famille", "fam", "rodzina"})
_PARTS = re.compile(r"[^a-z]+")


def used_by_many(address: str) -> bool:
    """Whether an e-mail address is by its name that of an office, a role or a family.

    info@, ventas-es@ and familie.koehler@ are; anna.info@ is not.
    """
    before, at, after = address.strip().rpartition("@")
    if not at or "." not in after:
        return False
    local = latin(before.partition("+")[0])
    parts = [part for part in _PARTS.split(local) if part]
    if not parts:
        return False
    return "".join(parts) in ROLES or parts[0] in ROLES or not FAMILIES.isdisjoint(parts)
