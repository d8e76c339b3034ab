"""The sentences of the sign-in pages, and which language a browser wants.

The client has its own catalogues; these few pages are the server's. Another language is one more entry here.
"""

from __future__ import annotations

import re

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "system": "Internal Market Information System",
        "title": "Sign in to IMI",
        "client": "{client} on this computer asks to work as you.",
        "login": "User name",
        "password": "Password",
        "sign_in": "Sign in",
        "wrong": "The user name or the password is wrong.",
        "wait": "There were too many attempts. Try again in {minutes} min.",
        "expired": "This page is no longer valid. Please try again.",
        "broken": "This sign-in cannot go on",
        "broken_text": "The program that opened this page sent a request that IMI does not accept. "
        "Close the page and start again from the program.",
        "device_title": "Sign in another terminal",
        "device_intro": "Go on only if you yourself have just started to sign in on a terminal. "
        "Nobody from IMI will ever send you a code.",
        "code": "Code on your terminal",
        "next": "Continue",
        "wrong_code": "There is no such code, or it has expired.",
        "other_address": "The terminal has to be in the same network as this browser.",
        "confirm_title": "Is this your terminal?",
        "confirm_client": "Program",
        "confirm_address": "Address of the terminal",
        "confirm_number": "Number on the terminal",
        "confirm_text": "Let it in only if your terminal shows the number {number}. It will be able to work as you.",
        "approve": "Yes, let it in",
        "deny": "No, refuse",
        "approved": "The terminal is signed in. You can close this page.",
        "denied": "The terminal was refused. If you did not start this, tell your administrator.",
    },
    "de": {
        "system": "Binnenmarkt-Informationssystem",
        "title": "Bei IMI anmelden",
        "client": "{client} auf diesem Computer möchte in Ihrem Namen arbeiten.",
        "login": "Benutzername",
        "password": "Passwort",
        "sign_in": "Anmelden",
        "wrong": "Der Benutzername oder das Passwort ist falsch.",
        "wait": "Es gab zu viele Versuche. Versuchen Sie es in {minutes} Min. wieder.",
        "expired": "Diese Seite ist nicht mehr gültig. Bitte versuchen Sie es noch einmal.",
        "broken": "Diese Anmeldung kann nicht fortgesetzt werden",
        "broken_text": "Das Programm, das diese Seite geöffnet hat, hat eine Anfrage gesendet, die IMI nicht annimmt. "
        "Schließen Sie die Seite und beginnen Sie im Programm von vorn.",
        "device_title": "Ein anderes Terminal anmelden",
        "device_intro": "Fahren Sie nur fort, wenn Sie selbst gerade die Anmeldung an einem Terminal begonnen haben. "
        "Niemand von IMI wird Ihnen jemals einen Code schicken.",
        "code": "Code auf Ihrem Terminal",
        "next": "Weiter",
        "wrong_code": "Diesen Code gibt es nicht, oder er ist abgelaufen.",
        "other_address": "Das Terminal muss im selben Netz sein wie dieser Browser.",
        "confirm_title": "Ist das Ihr Terminal?",
        "confirm_client": "Programm",
        "confirm_address": "Adresse des Terminals",
        "confirm_number": "Zahl auf dem Terminal",
        "confirm_text": "Lassen Sie es nur zu, wenn Ihr Terminal die Zahl {number} zeigt. "
        "Es kann dann in Ihrem Namen arbeiten.",
        "approve": "Ja, zulassen",
        "deny": "Nein, ablehnen",
        "approved": "Das Terminal ist angemeldet. Sie können diese Seite schließen.",
        "denied": "Das Terminal wurde abgelehnt. Wenn Sie dies nicht begonnen haben, "
        "verständigen Sie Ihre Administration.",
    },
    "fr": {
        "system": "Système d’information du marché intérieur",
        "title": "Se connecter à IMI",
        "client": "{client}, sur cet ordinateur, demande à travailler en votre nom.",
        "login": "Nom d’utilisateur",
        "password": "Mot de passe",
        "sign_in": "Se connecter",
        "wrong": "Le nom d’utilisateur ou le mot de passe est erroné.",
        "wait": "Trop de tentatives. Réessayez dans {minutes} min.",
        "expired": "Cette page n’est plus valable. Veuillez réessayer.",
        "broken": "Cette connexion ne peut pas se poursuivre",
        "broken_text": "Le programme qui a ouvert cette page a envoyé une demande qu’IMI n’accepte pas. "
        "Fermez la page et recommencez depuis le programme.",
        "device_title": "Connecter un autre terminal",
        "device_intro": "Continuez seulement si vous venez vous-même de lancer la connexion sur un terminal. "
        "Personne d’IMI ne vous enverra jamais de code.",
        "code": "Code affiché sur votre terminal",
        "next": "Continuer",
        "wrong_code": "Ce code n’existe pas ou a expiré.",
        "other_address": "Le terminal doit se trouver sur le même réseau que ce navigateur.",
        "confirm_title": "Est-ce votre terminal ?",
        "confirm_client": "Programme",
        "confirm_address": "Adresse du terminal",
        "confirm_number": "Nombre affiché sur le terminal",
        "confirm_text": "Ne l’autorisez que si votre terminal affiche le nombre {number}. "
        "Il pourra travailler en votre nom.",
        "approve": "Oui, autoriser",
        "deny": "Non, refuser",
        "approved": "Le terminal est connecté. Vous pouvez fermer cette page.",
        "denied": "Le terminal a été refusé. Si vous n’êtes pas à l’origine de cette demande, "
        "prévenez votre administration.",
    },
}


def choose(wanted: str) -> str:
    """The best language for an Accept-Language header (RFC 9110, section 12.5.4); English where none fits."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(wanted[:1000].split(",")):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", part)
        if match and match.group(1).lower() in TEXTS and (weight := float(match.group(2) or 1)):
            ranked.append((-weight, position, match.group(1).lower()))
    return min(ranked)[2] if ranked else "en"
