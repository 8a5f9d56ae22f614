// What the limits answer: as long as a token response, but a constant.

export const limitAnswer = JSON.stringify({
  access_token: "x".repeat(80),
  token_type: "Bearer",
  expires_in: 900,
  scope: "read",
});
