// Deliver as a whole, its flow control only (hdl/stream/deliver/mod.rs), spliced into the module.
//
//   body ─▶ [ packet buffer ] ─ go ─▶ patch, strip: five under way ─▶ [ beats ] ─ go_2 ─▶ prepend: three ─▶ [ out ] ─▶ m
//                                 ^ room ────────────────────────────────'   ^ room_2 ────────────────────────'
//
// The queues are those of queue.v and fifo.v, so what is left to show is that nobody pushes into a full one or pops an
// empty one. What the memories hold is left open (`cutpoint`): any bytes, any edit.

  reg [9:0] waiting_beats = 0;
  reg held_offer = 0;
  reg [4:0] held_row;
  reg went = 0;
  reg [8:0] finished = 0;

  wire [4:0] beats_used = beats_written - beats_read;
  wire [5:0] beats_held = {beats_filled & beats_used == 0, beats_used};
  wire [4:0] out_used = out_written - out_read;
  wire [5:0] out_held = {out_filled & out_used == 0, out_used};
  wire [8:0] body_rows = body_written - body_read;
  wire [9:0] body_deep = {body_filled & body_rows == 0, body_rows};
  wire [3:0] near_used = body_tail_written - body_tail_read;
  wire [4:0] body_near = {body_tail_filled & near_used == 0, near_used};
  wire [5:0] before_beats = beats_held + patch_taken + patch_valid + stepped + waiting + aligned;
  wire [5:0] before_out = out_held + step_valid + turned_valid + merge_valid;

  always @(posedge clock) begin
    waiting_beats <= waiting_beats + body_valid - credit_body;
    held_offer <= m_valid & ~m_ready;
    held_row <= out_read;
    went <= go;
    finished <= finished + dropped + ended + (goes_round & round_last) - credit_header;
  end

  // Gather counts what it sends against what was given back. A packet is dropped or ends once, as strip.v and prepend.v
  // say, so no more of them are finished than there are edits.
  always @(*) begin
    assume (~reset);
    assume (~body_valid | waiting_beats < BODY_DEPTH);
    assume (finished + dropped + ended + (goes_round & round_last) <= EDIT_DEPTH);
  end

  always @(*) begin
    packet_buffer_never_overflows: assert (body_deep <= BODY_DEPTH & body_near <= 15);
    beats_never_overflow: assert (before_beats < 32);
    out_never_overflows: assert (before_out < 32);
    pops_only_what_is_there: assert ((~go | (body_tail_filled & cuts_tail_filled)) & (~go_2 | ~take | beats_filled) &
      (~go_2 | fronts_tail_filled));
    a_credit_for_each_beat: assert (credit_body == went);
    credits_never_exceed_beats: assert (~credit_body | waiting_beats != 0);
    a_credit_for_each_packet: assert (credit_header == (finished != 0) & owed == finished);
    offer_stays: assert (~held_offer | (m_valid & out_read == held_row));
    offer_is_not_overwritten: assert (~m_valid | ~merge_valid | out_written != out_read);

`ifdef INVARIANTS
    inv_bounds: assert (before_beats <= 30 & (~room | beats_held <= 24) & before_out <= 28 & (~room_2 | out_held <= 24));
    inv_beats: assert (beats_after == beats_read + 5'd1 & beats_filled == (beats_held != 0));
    inv_out: assert (out_after == out_read + 5'd1 & out_filled == (out_held != 0));
    inv_body: assert (body_after == body_read + 9'd1 & (body_filled | body_rows == 0) &
      body_tail_after == body_tail_read + 4'd1 & body_tail_filled == (body_near != 0) &
      body_near + body_fetching <= 15);
    inv_credit: assert (went == patch_taken & waiting_beats == body_deep + body_fetching + body_near + patch_taken);
`endif
  end
