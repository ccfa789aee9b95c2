"""The peer: the Flask sample of 2013, rewritten from its description for today's Flask and boto3.

SHAPE=sample makes new clients and connections for each call, as the sample did; SHAPE=pooled shares clients and
connections, which is what somebody who tunes it would do first. The credentials are in Flask's signed cookie, as
they were in the sample. Security headers are set here and the access log is gunicorn's, to be compared with an
application that has both.
"""

import json
import os
import secrets
import threading
import urllib.parse
import urllib.request

import boto3
import botocore.session
import urllib3
from flask import Flask, abort, redirect, render_template_string, request, session

env = os.environ
api = env["AMAZON_API_URL"]
sts_endpoint = env["AWS_ENDPOINT_URL_STS"]
s3_endpoint = env["AWS_ENDPOINT_URL_S3"]
redirect_uri = "http://127.0.0.1/oauth2callback/amazon"
region = "us-east-1"

app = Flask(__name__)
app.secret_key = "secret of the bench"

LOGIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title><link rel="stylesheet" href="/static/style.css"></head>
<body><h1>Sign in</h1><ul>
{% for id, name in providers %}<li><a href="/initiateLogin/{{ id }}">Login with {{ name }}</a></li>
{% endfor %}</ul></body></html>"""

BUCKETS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Buckets</title><link rel="stylesheet" href="/static/style.css"></head>
<body><h1>Hello, {{ name }}</h1><table>
{% for bucket in buckets %}<tr><td>{{ bucket.Name }}</td><td>{{ bucket.CreationDate }}</td></tr>
{% endfor %}</table></body></html>"""


class SampleCalls:
    """A new client, and so a new connection, for each call."""

    def json(self, path, form=None, headers=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(urllib.request.Request(api + path, data, headers or {})) as answer:
            return json.load(answer)

    def sts(self):
        return boto3.client("sts", region_name=region, endpoint_url=sts_endpoint)

    def s3(self, credentials):
        return boto3.client("s3", region_name=region, endpoint_url=s3_endpoint, **credentials)


class CredentialsOfThisRequest(threading.local):
    """What a shared client signs with: whatever the thread that calls has put here."""

    frozen = None

    def get_frozen_credentials(self):
        return self.frozen


class PooledCalls:
    """One client and one pool of connections for everybody."""

    def __init__(self):
        self.pool = urllib3.PoolManager(maxsize=64)
        self.credentials = CredentialsOfThisRequest()
        clients = botocore.session.get_session()
        clients._credentials = self.credentials
        config = botocore.config.Config(max_pool_connections=64)
        self.sts_client = clients.create_client("sts", region, endpoint_url=sts_endpoint, config=config)
        self.s3_client = clients.create_client("s3", region, endpoint_url=s3_endpoint, config=config)

    def json(self, path, form=None, headers=None):
        if form:
            answer = self.pool.request("POST", api + path, fields=form, encode_multipart=False)
        else:
            answer = self.pool.request("GET", api + path, headers=headers)
        return json.loads(answer.data)

    def sts(self):
        return self.sts_client

    def s3(self, credentials):
        self.credentials.frozen = botocore.credentials.ReadOnlyCredentials(
            credentials["aws_access_key_id"],
            credentials["aws_secret_access_key"],
            credentials["aws_session_token"],
        )
        return self.s3_client


calls = PooledCalls() if env["SHAPE"] == "pooled" else SampleCalls()


@app.after_request
def security_headers(response):
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@app.get("/")
def login():
    providers = [("amazon", "Amazon"), ("google", "Google"), ("facebook", "Facebook")]
    return render_template_string(LOGIN, providers=providers)


@app.get("/initiateLogin/amazon")
def initiate_login():
    session["state"] = secrets.token_urlsafe(16)
    query = urllib.parse.urlencode(
        {
            "response_type": "code",
            "client_id": env["AMAZON_APP_ID"],
            "redirect_uri": redirect_uri,
            "scope": "profile",
            "state": session["state"],
        }
    )
    return redirect(f"{env['AMAZON_AUTHORIZE_URL']}?{query}", 302)


@app.get("/oauth2callback/amazon")
def callback():
    if request.args.get("state") != session.pop("state", None):
        abort(403)
    form = {
        "grant_type": "authorization_code",
        "code": request.args["code"],
        "redirect_uri": redirect_uri,
        "client_id": env["AMAZON_APP_ID"],
        "client_secret": env["AMAZON_APP_SECRET"],
    }
    token = calls.json("/auth/o2/token", form)["access_token"]
    info = calls.json("/auth/o2/tokeninfo?" + urllib.parse.urlencode({"access_token": token}))
    if info["aud"] != env["AMAZON_APP_ID"]:
        abort(403)
    profile = calls.json("/user/profile", headers={"Authorization": f"Bearer {token}"})
    credentials = calls.sts().assume_role_with_web_identity(
        RoleArn=env["AMAZON_ROLE_ARN"],
        RoleSessionName=profile["email"][:32],
        WebIdentityToken=token,
        ProviderId="www.amazon.com",
    )["Credentials"]
    session["name"] = profile["name"]
    session["credentials"] = {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }
    return redirect("/s3/", 303)


@app.get("/s3/")
def buckets():
    listed = calls.s3(session["credentials"]).list_buckets()
    return render_template_string(BUCKETS, name=session["name"], buckets=listed["Buckets"])
