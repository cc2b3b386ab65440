/** Shorter ones would hide ordinary words. */
const shortest = 6
/** Characters of a value up to which its encoded forms are looked for too; beyond that memory would be the price. */
const longestEncoded = 16 * 1024

/** Every text under which these values may show up in an output. */
export function leakForms(values: readonly string[]): string[] {
  const forms = new Set<string>()
  for (const value of values.flatMap(partsOf)) {
    forms.add(value)
    if (value.length > longestEncoded) continue
    for (const form of [...base64Forms(value), ...urlForms(value), ...jsonForms(value)]) forms.add(form)
  }
  return [...forms].filter((form) => form.length >= shortest)
}

/** The value, its lines, and the password when it is a url. */
function partsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  return [...new Set([value, ...lines, ...passwordsOf(value)])].filter((part) => part.length >= shortest)
}

function passwordsOf(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return []
  const { password } = new URL(value)
  // As the url spells it, as the parser does, and as it is meant.
  return [password, /^[^:]+:\/\/[^:]*:([^@]*)@/.exec(value)?.[1] ?? '', decoded(password)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Within a longer text the value may start at any of three alignments; only characters that it decides alone count. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value)
  const inside = [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const form = encoded.slice(before && before + 1, Math.floor(((before + bytes.length) * 8) / 6))
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [bytes.toString('base64'), bytes.toString('base64url'), ...inside]
}

function urlForms(value: string): string[] {
  const plain = encodeURIComponent(value.toWellFormed())
  const strict = plain.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  const forms = [
    plain,
    strict,
    strict.replaceAll('%2F', '/'),
    new URLSearchParams([['', value]]).toString().slice(1),
  ]
  return [...forms, ...forms.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))]
}

function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1)
  const ascii = plain.replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [plain, ascii, plain.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/')]
}
