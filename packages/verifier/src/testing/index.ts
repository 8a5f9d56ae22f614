// For the tests of who uses the verifier: `@rescind/verifier/testing`. Works without a network, on every runtime.

export {
  type MockIssuer,
  type MockIssuerOptions,
  type MockTarget,
  type MockTokenClaims,
  mockIssuer,
} from "./mock-issuer.ts";
