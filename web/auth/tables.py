"""Every table of this package, for the metadata in `web.schema`."""

from web.auth.enter import EnterLink
from web.auth.invitations import Invitation
from web.auth.passwords import Credential
from web.auth.sessions import SignInSession
from web.auth.tokens import ApiToken
from web.auth.totp import RecoveryCode, TotpSecret

__all__ = ["ApiToken", "Credential", "EnterLink", "Invitation", "RecoveryCode", "SignInSession", "TotpSecret"]
