export const LONGEST_TAG = 35;

/** A BCP 47 tag in its canonical form (`ro-md` as `ro-MD`); undefined for what is none, or longer than 35 characters. */
export function canonicalTag(language: string): string | undefined {
  if (language.length > LONGEST_TAG) return undefined;
  try {
    const [tag] = Intl.getCanonicalLocales(language);
    return tag !== undefined && tag.length <= LONGEST_TAG ? tag : undefined;
  } catch {
    return undefined;
  }
}
