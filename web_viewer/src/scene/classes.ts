import type { Box, ElementColumns } from './types'

/** Classes that stand in the way of seeing what is inside; a subclass counts by its prefix. */
const ENVELOPE = [
  'IfcWall', 'IfcSlab', 'IfcRoof', 'IfcCurtainWall', 'IfcCovering', 'IfcWindow', 'IfcDoor', 'IfcPlate',
  'IfcMember', 'IfcBeam', 'IfcColumn', 'IfcFooting', 'IfcPile', 'IfcRailing', 'IfcBuildingElementProxy',
  'IfcBuiltElement', 'IfcStair', 'IfcRamp', 'IfcShadingDevice', 'IfcChimney', 'IfcBuildingElementPart',
  'IfcElementAssembly', 'IfcReinforc', 'IfcTendon',
]

/**
 * What the x-ray ghosts: `(elementCount,)` 1 for envelope and structure of the storeys, 0 for devices, furniture, spaces
 * and the ground outside, which belongs to no storey.
 */
export function ghostMask(columns: ElementColumns): Uint8Array {
  const hasStoreys = columns.storey.some((storey) => storey >= 0)
  return envelopeMask(columns).map((e, i) => (hasStoreys && columns.storey[i]! < 0 ? 0 : e))
}

/** `(elementCount,)` 1 for envelope and structure, 0 for devices, furniture and spaces. */
export function envelopeMask(columns: ElementColumns): Uint8Array {
  const isEnvelope = columns.classNames.map((name) => ENVELOPE.some((prefix) => name.startsWith(prefix)))
  return Uint8Array.from(columns.classIndex, (c) => (isEnvelope[c] ? 1 : 0))
}

/** What a cut through a storey leaves whole: `(elementCount,)` 1 for neither envelope nor space. */
export function contentMask(columns: ElementColumns): Uint8Array {
  const envelope = envelopeMask(columns)
  const space = spaceMask(columns)
  return envelope.map((e, i) => (e || space[i] ? 0 : 1))
}

/** Boxes of a storey's spaces, envelope and structure; null where none is known. */
export function storeyParts(columns: ElementColumns, boxes: Float32Array | null, storey: number): Box[] | null {
  if (boxes === null) return null
  const [envelope, space] = [envelopeMask(columns), spaceMask(columns)]
  const parts: Box[] = []
  for (let i = 0; i < columns.storey.length; i++) {
    if (columns.storey[i] !== storey || (!envelope[i] && !space[i])) continue
    const [x0, y0, z0, x1, y1, z1] = boxes.subarray(i * 6, i * 6 + 6) as unknown as [number, number, number, number, number, number]
    if (!Number.isNaN(x0)) parts.push({ min: [x0, y0, z0], max: [x1, y1, z1] })
  }
  return parts.length > 0 ? parts : null
}

/** `(elementCount,)` 1 for IfcSpace. */
export function spaceMask(columns: ElementColumns): Uint8Array {
  const isSpace = columns.classNames.map((name) => name === 'IfcSpace')
  return Uint8Array.from(columns.classIndex, (c) => (isSpace[c] ? 1 : 0))
}
