/** What can be said of a place before the API is asked, and how a telephone number is written down. */

const E164 = /^\+[1-9][0-9]{6,14}$/;

/** The zones that browser and API both know; the API has the last word. */
export function zones(): string[] {
  const known = Intl.supportedValuesOf("timeZone").filter((name) => name.includes("/") && !name.startsWith("Etc/"));
  return [...known, "UTC"];
}

/** Without the signs that people put between the digits: +1 (212) 555-0123 → +12125550123. */
export function dialled(phone: string): string {
  return phone.replace(/[\s().-]/g, "");
}

/** Empty is a place without a number of its own. */
export function isPhone(phone: string): boolean {
  return phone === "" || E164.test(phone);
}
