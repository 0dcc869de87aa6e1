// A queue in LUT RAM (hdl/stream/fifo.rs, `queue`), spliced into the module.
//
//   push, item ─▶ [ items: read .. written ] ─▶ head, valid ─▶ pop
//
// One item, whichever the solver likes, is followed: `value` is what it was, `ahead` how many stand in front of it.
// That it is at the head exactly when nothing is ahead says that none is lost, none comes twice, none overtakes.

  reg [LOG:0] held = 0;
  (* anyseq *) wire follow;
  reg followed = 0;
  reg [LOG:0] ahead;
  reg [7:0] value;
  wire [LOG-1:0] place = items_read + ahead[LOG-1:0];

  always @(posedge clock) begin
    held <= held + push - pop;
    if (push & follow & ~followed) begin
      followed <= 1;
      value <= item;
      ahead <= held - pop;
    end else if (followed & pop) begin
      followed <= ahead != 0;
      ahead <= ahead - 1;
    end
  end

  // The sender counts, the receiver looks.
  always @(*) begin
    assume (~reset);
    assume (~push | held < DEPTH | pop);
    assume (~pop | valid);
  end

  always @(*) begin
    order: assert (~followed | ahead != 0 | (valid & head == value));
    seen_a_clock_later: assert (valid == (held != 0));
    used_counts: assert (held > DEPTH - 1 | used == held);
    never_too_full: assert (held <= DEPTH);

`ifdef INVARIANTS
    inv_after: assert (items_after == items_read + 4'd1);
    inv_written: assert (items_written == items_read + held[LOG-1:0]);
    inv_ahead: assert (~followed | ahead < held);
    inv_value: assert (~followed | items[place] == value);
`endif
  end
