from desk.cases import Case as Case
from desk.cases import Spell as Spell
from desk.following import FollowedCall as FollowedCall
from desk.following import FollowedCustomer as FollowedCustomer
from desk.following import FollowedDocument as FollowedDocument
from desk.following import FollowedRequest as FollowedRequest
from desk.saved_filters import SavedFilter as SavedFilter
from desk.targets import Target as Target
