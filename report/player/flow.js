// A trained flow over two features as the tables of its conditioners: the formulas of
// flowlib/knots. Forward is z to x; points are arrays of two numbers, changed in place;
// log-densities and log-determinants are in nats.

// A Coupling freezes one feature, by which it moves the other.
class Coupling {
  constructor({ frozen, max, x, r, t }) {
    Object.assign(this, { frozen, moving: 1 - frozen, max });
    [this.x, this.r, this.t] = [x, r, t].map((values) => Float64Array.from(values));
    this.logScale = this.shift = 0; // what was asked for last
  }

  // ask looks up what the conditioner says of u: linear between two knots.
  ask(u) {
    const { x, r, t } = this;
    let low = 0, high = x.length - 1;
    u = Math.min(Math.max(u, x[low]), x[high]);
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] <= u) low = middle;
      else high = middle;
    }
    const part = (u - x[low]) / (x[high] - x[low]);
    this.logScale = this.max * Math.tanh((r[low] + part * (r[high] - r[low])) / this.max);
    this.shift = t[low] + part * (t[high] - t[low]);
  }

  // forward makes a share of the layer's move, from 0 for none to 1 for all, and
  // returns its log|det|: a share of a coupling is a coupling.
  forward(v, share) {
    this.ask(v[this.frozen]);
    v[this.moving] = v[this.moving] * Math.exp(share * this.logScale) + share * this.shift;
    return share * this.logScale;
  }

  // inverse takes the share back, and returns the log|det| of forward.
  inverse(v, share) {
    this.ask(v[this.frozen]);
    v[this.moving] = (v[this.moving] - share * this.shift) * Math.exp(-share * this.logScale);
    return share * this.logScale;
  }
}

// A Flow works in standardized units: (x - mean)/std of the data.
class Flow {
  constructor(data) {
    Object.assign(this, data);
    this.couplings = data.couplings.map((c) => new Coupling(c));
    this.unitLogDet = Math.log(this.std[0]) + Math.log(this.std[1]); // of what turns them into the data's
  }

  // share is how much of layer i is made where depth layers are, 2.5 for two and a half.
  share(i, depth) {
    return Math.min(Math.max(depth - i, 0), 1);
  }

  // forward sends v through depth layers, and returns their log|det|.
  forward(v, depth) {
    let sum = 0;
    for (let i = 0; i < depth; i++) sum += this.couplings[i].forward(v, this.share(i, depth));
    return sum;
  }

  // inverse takes v back, and returns the log|det| of forward.
  inverse(v, depth) {
    let sum = 0;
    for (let i = Math.ceil(depth) - 1; i >= 0; i--) sum += this.couplings[i].inverse(v, this.share(i, depth));
    return sum;
  }

  // terms are what adds up to the log-density of the image of z after depth layers, in
  // the units of the data: that of z, a term for each layer, and that of the units.
  terms(z, depth) {
    const v = [...z];
    const layers = this.couplings.map((c, i) => -c.forward(v, this.share(i, depth)));
    return [Flow.logBase(z), ...layers, -this.unitLogDet];
  }

  static logBase(z) {
    return -Math.log(2 * Math.PI) - 0.5 * (z[0] * z[0] + z[1] * z[1]);
  }

  // standardize and natural turn points of the data's units into standardized ones and back.
  standardize(x) {
    return x.map((v, d) => (v - this.mean[d]) / this.std[d]);
  }

  natural(u) {
    return u.map((v, d) => this.mean[d] + this.std[d] * v);
  }

  // logProb is the log-density of x, in the units of the data.
  logProb(x) {
    const z = this.standardize(x);
    const logDet = this.inverse(z, this.couplings.length);
    return Flow.logBase(z) - logDet - this.unitLogDet;
  }
}
