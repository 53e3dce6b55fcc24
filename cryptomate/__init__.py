"""A typed client for CryptoMate's API. Knows nothing of Django or of the portal."""

from cryptomate.client import Client
from cryptomate.errors import (
    ApiUnavailable,
    Conflict,
    CryptoMateError,
    Invalid,
    MalformedAnswer,
    NoAnswer,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
)
from cryptomate.novelties import Novelty
from cryptomate.shapes.account import Company, VelocityRule
from cryptomate.shapes.cards import (
    ChallengeAnswer,
    DepositAddress,
    HoldingBalance,
    HoldingWallet,
    ProgramBalance,
    RemoteCard,
    Token,
)
from cryptomate.shapes.clients import Address, ClientPayload, Country, IdentificationType, RemoteClient, Subdivision
from cryptomate.shapes.movements import DeclineReason, Movement, MovementPage, Page
from cryptomate.shapes.products import (
    DataRequirement,
    DocumentRequirement,
    MissingRequirements,
    Option,
    ProductAnswer,
    ProductRequest,
    RejectedItem,
    RequirementField,
    ValidDocument,
)
from cryptomate.transport import Exchange

__all__ = [
    "Address",
    "ApiUnavailable",
    "ChallengeAnswer",
    "Client",
    "ClientPayload",
    "Company",
    "Conflict",
    "Country",
    "CryptoMateError",
    "DataRequirement",
    "DeclineReason",
    "DepositAddress",
    "DocumentRequirement",
    "Exchange",
    "HoldingBalance",
    "HoldingWallet",
    "IdentificationType",
    "Invalid",
    "MalformedAnswer",
    "MissingRequirements",
    "Movement",
    "MovementPage",
    "NoAnswer",
    "NotFound",
    "NotSent",
    "Novelty",
    "Option",
    "Page",
    "ProductAnswer",
    "ProductRequest",
    "ProgramBalance",
    "RateLimited",
    "Refused",
    "RejectedItem",
    "RemoteCard",
    "RemoteClient",
    "RequirementField",
    "Subdivision",
    "Token",
    "Unauthorized",
    "ValidDocument",
    "VelocityRule",
]
