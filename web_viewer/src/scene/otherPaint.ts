import { DataTexture } from 'three'
import { opacityOf, packAlpha, quantizeWeight, weightOf } from './stateTexture'

/** The paint of another moment over the same elements: what is hidden or ghosted is so in both. */
export class OtherPaint {
  readonly texture: DataTexture
  private readonly texels: Uint8Array

  /** @param width of the state texture, texels. @param height of it. */
  constructor(width: number, height: number) {
    this.texels = new Uint8Array(width * height * 4)
    this.texture = new DataTexture(this.texels, width, height)
  }

  /** Paints these elements and no others: `(n,)` indices, `(n, 4)` sRGB and weight 0..255. */
  setColours(indices: Uint32Array, rgba: Uint8Array): void {
    for (let t = 3; t < this.texels.length; t += 4) this.texels[t]! &= 0xf0
    for (const [k, index] of indices.entries()) {
      const t = index * 4
      if (t + 3 >= this.texels.length) continue
      this.texels.set(rgba.subarray(k * 4, k * 4 + 3), t)
      this.texels[t + 3] = packAlpha(opacityOf(this.texels[t + 3]!), quantizeWeight(rgba[k * 4 + 3]!))
    }
    this.texture.needsUpdate = true
  }

  /** Hides and ghosts what another state does; `(n, 4)` texels of the same shape. */
  follow(texels: Uint8Array): void {
    for (let t = 3; t < texels.length; t += 4) this.texels[t] = packAlpha(opacityOf(texels[t]!), weightOf(this.texels[t]!))
    this.texture.needsUpdate = true
  }

  dispose(): void {
    this.texture.dispose()
  }
}
