"""Users, organisations and the role of each user in each organisation."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Owns User, Organization and Membership."""

    name = "mergeui.accounts"
    label = "accounts"
    verbose_name = "Accounts"
