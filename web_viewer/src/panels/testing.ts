// Tests of components find every text known, as they are on the desk; those without a page need none.
if (typeof window !== 'undefined') {
  const [{ PANELS }, { loadTexts }] = await Promise.all([import('./registry'), import('./texts')])
  await loadTexts(PANELS)
}

export {}
