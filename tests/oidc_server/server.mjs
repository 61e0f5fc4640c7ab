// A real OpenID provider for tests: oidc-provider with people that a test makes, changes and removes.
// It prints its issuer when it listens. `POST /test/people` takes {"sub": {claims…}, …} for everybody there is;
// `POST /test/keys` makes a new signing key. Its own pages ask for a name (any password will do) and for nothing else.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const CALLBACK = process.argv[2];
let people = {};
let provider;
let issuer;

function key() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

async function grantEverything(ctx) {
  const grant = new ctx.oidc.provider.Grant({
    clientId: ctx.oidc.client.clientId,
    accountId: ctx.oidc.session.accountId,
  });
  grant.addOIDCScope("openid email profile groups");
  await grant.save();
  return grant;
}

function open(keys) {
  const client = {
    client_id: "gateway",
    client_secret: "client-secret-0123456789-0123456789",
    redirect_uris: [CALLBACK],
    response_types: ["code"],
    grant_types: ["authorization_code"],
  };
  provider = new Provider(issuer, {
    clients: [client, { ...client, client_id: "poster", token_endpoint_auth_method: "client_secret_post" }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "email", "profile", "groups"],
    cookies: { keys: ["only-for-tests"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_ctx, sub) =>
      people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
    jwks: { keys },
    loadExistingGrant: grantEverything,
    pkce: { required: () => true },
  });
}

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

const server = createServer(async (request, response) => {
  if (request.url === "/test/people") people = await body(request);
  else if (request.url === "/test/keys") open([key()]);
  else return provider.callback()(request, response);
  response.end("{}");
});
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  open([key()]);
  console.log(issuer);
});
process.stdin.on("end", () => process.exit(0)).resume();
