"""What the registration form offers where the provider publishes no list. The codes are ours."""

from django.db import models


class Gender(models.TextChoices):
    FEMALE = "FEMALE", "Female"
    MALE = "MALE", "Male"
    OTHER = "OTHER", "Other"


class AnnualSalary(models.TextChoices):
    """Ranges in USD a year."""

    UP_TO_10K = "0-10000", "Up to 10,000 USD"
    UP_TO_25K = "10000-25000", "10,000 to 25,000 USD"
    UP_TO_50K = "25000-50000", "25,000 to 50,000 USD"
    UP_TO_100K = "50000-100000", "50,000 to 100,000 USD"
    UP_TO_250K = "100000-250000", "100,000 to 250,000 USD"
    ABOVE_250K = "250000+", "More than 250,000 USD"


class MonthlyVolume(models.TextChoices):
    """Ranges in USD a month."""

    UP_TO_500 = "0-500", "Up to 500 USD"
    UP_TO_2K = "500-2000", "500 to 2,000 USD"
    UP_TO_5K = "2000-5000", "2,000 to 5,000 USD"
    UP_TO_10K = "5000-10000", "5,000 to 10,000 USD"
    UP_TO_50K = "10000-50000", "10,000 to 50,000 USD"
    ABOVE_50K = "50000+", "More than 50,000 USD"


class AccountPurpose(models.TextChoices):
    EVERYDAY_SPENDING = "everyday_spending", "Everyday spending"
    ONLINE_PURCHASES = "online_purchases", "Online purchases"
    TRAVEL = "travel", "Travel"
    BUSINESS_EXPENSES = "business_expenses", "Business expenses"
    SUBSCRIPTIONS = "subscriptions", "Subscriptions"
    OTHER = "other", "Other"
