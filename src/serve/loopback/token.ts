/** The token that a request must carry. Other users and web pages of this machine can reach a loopback port too. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

export function newToken(): string {
  return `fathom-${randomBytes(24).toString("base64url")}`;
}

/**
 * Whether the header `Authorization` is `Bearer TOKEN`. The time that this takes does not depend on the letters that are
 * right: hashes of equal length are compared.
 */
export function carriesToken(authorization: string | undefined, token: string): boolean {
  const given = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
