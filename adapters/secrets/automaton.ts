/** Finds many texts at once in linear time (Aho-Corasick). States are numbers; 0 is the start. */
export interface Automaton {
  next(state: number, code: number): number
  /** Length of the longest text that ends here; 0 when none does. */
  matched(state: number): number
  /** How many of the last characters may still become a match. */
  depth(state: number): number
}

/** Node arrays instead of objects: a key file has thousands of characters in a dozen forms. */
export function buildAutomaton(texts: readonly string[]): Automaton {
  const size = 1 + texts.reduce((sum, text) => sum + text.length, 0)
  const trie = {
    firstChild: new Int32Array(size),
    sibling: new Int32Array(size),
    code: new Uint16Array(size),
    depth: new Int32Array(size),
    matched: new Int32Array(size),
    fail: new Int32Array(size),
  }
  const roots = new Map<number, number>()
  const child = (node: number, code: number): number => {
    if (node === 0) return roots.get(code) ?? 0
    let found = trie.firstChild[node]!
    while (found !== 0 && trie.code[found] !== code) found = trie.sibling[found]!
    return found
  }
  const next = (state: number, code: number): number => {
    for (let node = state; ; node = trie.fail[node]!) {
      const found = child(node, code)
      if (found !== 0 || node === 0) return found
    }
  }

  let count = 1
  for (const text of texts) {
    let node = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      let found = child(node, code)
      if (found === 0) {
        found = count++
        trie.code[found] = code
        trie.depth[found] = at + 1
        if (node === 0) roots.set(code, found)
        trie.sibling[found] = trie.firstChild[node]!
        trie.firstChild[node] = found
      }
      node = found
    }
    trie.matched[node] = text.length
  }

  // Breadth first: the node to fall back to is shallower, so it is complete by then.
  const queue = new Int32Array(count)
  let filled = 1
  for (let head = 0; head < filled; head++) {
    const node = queue[head]!
    for (let kid = trie.firstChild[node]!; kid !== 0; kid = trie.sibling[kid]!) {
      if (node !== 0) trie.fail[kid] = next(trie.fail[node]!, trie.code[kid]!)
      trie.matched[kid] ||= trie.matched[trie.fail[kid]!]!
      queue[filled++] = kid
    }
  }
  return { next, matched: (state) => trie.matched[state]!, depth: (state) => trie.depth[state]! }
}
