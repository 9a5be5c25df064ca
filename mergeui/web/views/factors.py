"""Second factors: the authenticator app, passkeys, and codes for an emergency."""

import json
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import delete_dangling_recovery_codes
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role, User
from mergeui.audit.actions import Action
from mergeui.audit.log import record
from mergeui.typed_key import typed_key
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.account import GO_ON, KIND, end, factors_of
from mergeui.web.htmx import done

MOST_PASSKEYS = 20


@page(proof=Proof.LATELY, of_account=True)
def app(request: MemberRequest) -> HttpResponse:
    """The square to scan, its key in letters, and the form for the first code."""
    if factors_of(request.user).app:
        return HttpResponseRedirect(reverse("account"))
    return _app(request, ActivateTOTPForm(user=request.user))


def _app(request: MemberRequest, form: ActivateTOTPForm, *, status: int = 200) -> HttpResponse:
    adapter = get_adapter()
    square = adapter.build_totp_svg(adapter.build_totp_url(request.user, form.secret))
    letters = [form.secret[at : at + 4] for at in range(0, len(form.secret), 4)]
    context = {
        "form": form,
        # Made here of the user name and random letters: a path alone, without text of anybody.
        "square": mark_safe(square[square.index("<svg") :]),  # noqa: S308
        "letters": " ".join(letters),
    }
    return render(request, "account/app.html", context, status=status)


@action(Role.VIEWER, back="account_app", proof=Proof.LATELY, of_account=True)
def add_app(request: MemberRequest) -> HttpResponse:
    """The first code fits: from now on every sign-in takes one."""
    if factors_of(request.user).app:
        return done(request, reverse("account"), _("You have an authenticator app already."))
    form = ActivateTOTPForm(user=request.user, data=request.POST)
    if not form.is_valid():
        return _app(request, form, status=400)
    with transaction.atomic():
        factor = TOTP.activate(request.user, form.secret).instance
        _added(request, factor)
    clear_totp_secret(request)
    return _onward(request, _("Your authenticator app is set up."))


@page(proof=Proof.LATELY, of_account=True)
def passkey(request: MemberRequest) -> HttpResponse:
    """What the browser asks the key for, and the form for its name."""
    kept = typed.restore(request, request.path)
    return _passkey(request, _key_form(request, name=kept.get("name", "") if kept else ""))


def _key_form(request: MemberRequest, data: Any = None, *, name: str = "") -> Any:
    """The form for a passkey; its packages take a tenth of the start of a web server."""
    from allauth.mfa.webauthn.forms import AddWebAuthnForm

    return AddWebAuthnForm(user=request.user, data=data, initial={"name": name})


def _passkey(request: MemberRequest, form: Any, *, status: int = 200) -> HttpResponse:
    from allauth.mfa.webauthn.internal.auth import begin_registration

    options = json.dumps(begin_registration(request.user, True))
    return render(
        request, "account/passkey.html", {"form": form, "options": options}, status=status
    )


@action(Role.VIEWER, back="account_passkey", proof=Proof.LATELY, of_account=True)
def add_passkey(request: MemberRequest) -> HttpResponse:
    """A passkey more; it signs in alone, without a password."""
    from allauth.mfa.webauthn.internal.auth import WebAuthn

    form = _key_form(request, request.POST)
    if len(factors_of(request.user).passkeys) >= MOST_PASSKEYS:
        return done(
            request, reverse("account"), _("Remove a passkey that you no longer use first.")
        )
    if not form.is_valid():
        return _passkey(request, form, status=400)
    name = form.cleaned_data["name"][:60]
    with transaction.atomic():
        factor = WebAuthn.add(request.user, name, form.cleaned_data["credential"]).instance
        _added(request, factor)
    return _onward(request, _("Your passkey is set up."))


@action(Role.VIEWER, back="account", proof=Proof.LATELY, of_account=True)
def remove(request: MemberRequest) -> HttpResponse:
    """Takes the app or a passkey away."""
    pk = typed_key(request.POST.get("factor", ""))
    mine = Authenticator.objects.filter(user=request.user).exclude(type=KIND.RECOVERY_CODES)
    with transaction.atomic():
        factor = mine.select_for_update().filter(pk=pk).first()
        if factor is None:
            return done(request, reverse("account"), _("It was removed before."))
        factor.delete()
        delete_dangling_recovery_codes(request.user)
        record(Action.FACTOR_REMOVED, by_user=request.actor, facts={"factor": factor.type})
    return done(request, reverse("account"), _("It is removed and opens nothing any more."))


@page(proof=Proof.LATELY, of_account=True)
def codes(request: MemberRequest) -> HttpResponse:
    """The codes for an emergency, once; afterwards how many are left."""
    kept = Authenticator.objects.filter(user=request.user, type=KIND.RECOVERY_CODES).first()
    if kept is None:
        return HttpResponseRedirect(reverse("account"))
    wrapped: Any = kept.wrap()
    unused, first_time = wrapped.get_unused_codes(), not wrapped.did_view
    wrapped.mark_as_viewed()
    context = {
        "codes": [f"{code[:4]} {code[4:]}" for code in unused] if first_time else [],
        "left": len(unused),
        "go_on": request.session.pop(GO_ON, "") if first_time else "",
    }
    return render(request, "account/codes.html", context)


@action(Role.VIEWER, back="account_codes", proof=Proof.LATELY, of_account=True)
def new_codes(request: MemberRequest) -> HttpResponse:
    """New codes; the ones before are worth nothing from now on."""
    if not factors_of(request.user).some:
        return HttpResponseRedirect(reverse("account"), status=303)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=request.user.pk)  # two windows at once
        Authenticator.objects.filter(user=request.user, type=KIND.RECOVERY_CODES).delete()
        RecoveryCodes.activate(request.user)
        facts = {"factor": KIND.RECOVERY_CODES.value}
        record(Action.FACTOR_ADDED, by_user=request.actor, facts=facts)
    return done(request, reverse("account_codes"), "")


def _added(request: MemberRequest, factor: Authenticator) -> None:
    """What comes with a new second factor: codes, the entry, and an end of what had none."""
    had = Authenticator.objects.filter(user=request.user).exclude(pk=factor.pk).exists()
    if not had:
        RecoveryCodes.activate(request.user)
        end(request)
    record_authentication(request, request.user, "mfa", id=factor.pk, type=factor.type)
    record(Action.FACTOR_ADDED, by_user=request.actor, facts={"factor": factor.type})


def _onward(request: MemberRequest, words: str) -> HttpResponse:
    """To the codes if they are new, otherwise back to the account."""
    kept = Authenticator.objects.filter(user=request.user, type=KIND.RECOVERY_CODES).first()
    wrapped: Any = kept.wrap() if kept else None
    unseen = wrapped is not None and not wrapped.did_view
    return done(request, reverse("account_codes" if unseen else "account"), words)
