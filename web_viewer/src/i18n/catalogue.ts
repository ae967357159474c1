/** Texts by key; a group of texts is a catalogue of its own. */
export interface Texts {
  readonly [key: string]: string | Texts
}

/** The text at a dotted key such as `panel.guide.title`; null where there is none. */
export function textAt(texts: Texts, key: string): string | null {
  let found: string | Texts | undefined = texts
  for (const name of key.split('.')) {
    if (typeof found !== 'object' || !Object.hasOwn(found, name)) return null
    found = found[name]
  }
  return typeof found === 'string' ? found : null
}

/** A text with `{name}` replaced by what `named` holds; by nothing where it holds nothing. */
export function filled(text: string, named: Readonly<Record<string, unknown>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(named[name] ?? ''))
}
