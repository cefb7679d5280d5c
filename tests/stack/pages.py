"""Every page there is, by who may see it, for the tests that look at all of them."""

# 1 runs, 4 is stopped, and 5 is suspended.
TABS = ("", "graphs/", "activity/", "settings/")
SERVER = tuple(f"/vps/1/{tab}" for tab in TABS)
ADMIN = (
    "/",
    "/password_change/",
    "/accounts/user/",
    "/accounts/user/5/change/",
    "/accounts/mail/",
    "/vps/vps/",
    "/vps/vps/1/change/",
    "/vps/vps/1/history/",
    "/vps/cluster/",
    "/vps/cluster/1/change/",
    "/vps/cluster/1/guests/",
    "/vps/event/",
    "/vps/operation/",
    "/vps/synccall/",
    "/vps/webhookendpoint/",
    "/vps/webhookendpoint/add/",
    "/vps/webhookdelivery/",
    "/vps/webhookattempt/",
)
PAGES: dict[str, tuple[str, ...]] = {
    "": (
        "/login/",
        "/password/forgot/",
        "/password/forgot/sent/",
        "/login/link/gone/",
        "/password/reset/gone/",
        "/demo/mail/",
    ),
    "alice": (
        "/",
        "/?q=no-such-server",
        *SERVER,
        "/vps/4/",
        "/vps/4/graphs/",
        "/vps/5/",
        "/vps/5/settings/",
        "/vps/1/power/stop/",
        "/vps/1/power/restart/",
        "/vps/999/",
        "/profile/",
        "/profile/password/",
        "/profile/email/",
        "/email/confirm/gone/",
        "/api/docs",
    ),
    "carol": tuple(f"/admin{path}" for path in ADMIN),
}
